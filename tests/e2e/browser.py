"""The distribution's Chromium, driven through its own driver, as somebody who looks at pages."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions, Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE = 60.0
"""Seconds until what should be seen is given up."""
_AXE = files("axe_core_python").joinpath("axe.min.js")


def missing() -> str | None:
    """Which program is not here; None where a browser can be started."""
    return next((name for name in ("chromium", "chromedriver") if shutil.which(name) is None), None)


class Browser:
    """A window. `width` and `height` are in CSS pixels, `dark` is what the person's system prefers."""

    def __init__(self, profile: Path, width: int = 1280, height: int = 900, *, dark: bool = False) -> None:
        options = ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for argument in (
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
            *(f"--user-data-dir={profile}", f"--window-size={width},{height}", "--force-device-scale-factor=1"),
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self._driver = Chrome(options=options, service=Service(str(shutil.which("chromedriver"))))
        self._driver.set_script_timeout(2 * PATIENCE)  # axe looks at every word of a long page
        self.fit(width, height, dark=dark)

    def fit(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """Be another person's: with a window of this size, and a system of this colour."""
        # A window of Chromium is no narrower than 500 pixels; a phone's is.
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def open(self, url: str) -> None:
        self._driver.get(url)

    @property
    def path(self) -> str:
        """Of the page that is open."""
        address: str = self._driver.execute_script("return location.pathname")
        return address

    @property
    def query(self) -> str:
        """Behind the path of the page that is open."""
        query: str = self._driver.execute_script("return location.search")
        return query

    @property
    def text(self) -> str:
        """What can be read of the page."""
        return self._driver.find_element(By.TAG_NAME, "body").text

    def find(self, selector: str) -> WebElement:
        return self._driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        return [each.text for each in self._driver.find_elements(By.CSS_SELECTOR, selector)]

    def click(self, text: str) -> None:
        """Click a link by its text."""
        self._driver.find_element(By.LINK_TEXT, text).click()

    def press(self, keys: str) -> None:
        """Press keys wherever the cursor is."""
        self._driver.switch_to.active_element.send_keys(keys)

    def fill(self, selector: str, text: str) -> None:
        """Type into a field, and send its form."""
        self.find(selector).send_keys(text, Keys.ENTER)

    def wait(self, look: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
        """Wait until something true is seen, without loading the page again.

        What is drawn anew while it is looked at is looked at again.
        """
        try:
            return WebDriverWait(self._driver, seconds, 0.2, ignored_exceptions=(Exception,)).until(lambda _: look())
        except Exception as error:
            message = f"{what} was not seen within {seconds} s on {self._driver.current_url}:\n{self.text}"
            raise AssertionError(message) from error

    def wait_for(self, text: str) -> None:
        self.wait(lambda: text in self.text, repr(text))

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script in the page."""
        return self._driver.execute_script(script, *arguments)

    def mark(self) -> None:
        """Leave something in the page that is gone when it is loaded again."""
        self._driver.execute_script("window.marked = true")

    @property
    def is_marked(self) -> bool:
        return bool(self._driver.execute_script("return window.marked === true"))

    @property
    def classes(self) -> str:
        """Of the page as a whole."""
        return str(self.find("body").get_attribute("class"))

    def complaints(self) -> list[str]:
        """What the browser has said of the page since it was asked last: errors of scripts, what was refused."""
        told: list[dict[str, Any]] = self._driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [str(entry["message"]) for entry in told if entry["level"] in {"SEVERE", "WARNING"}]

    def violations(self, *parts: str) -> list[str]:
        """What axe finds that keeps people from using the page, or these parts of it (WCAG 2.1, level AA)."""
        self._driver.execute_script(_AXE.read_text(encoding="utf-8"))
        found = self._driver.execute_async_script(
            "const [include, done] = arguments;"
            "axe.run({include}, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})"
            ".then((each) => done(each.violations));",
            [[each] for each in parts or ("html",)],
        )
        return [f"{each['id']}: {json.dumps([node['html'] for node in each['nodes']])}" for each in found]

    @property
    def is_scrolled_sideways(self) -> bool:
        """Whether the page is wider than the window."""
        script = "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self._driver.execute_script(script))

    def is_in_view(self, selector: str) -> bool:
        """Whether the beginning of something can be seen without scrolling."""
        script = "const {top} = arguments[0].getBoundingClientRect(); return top >= 0 && top < innerHeight - 40"
        return bool(self._driver.execute_script(script, self.find(selector)))

    def shoot(self, file: Path) -> None:
        """Take a picture of the whole page, as WebP: a third of the bytes."""
        wanted = {"captureBeyondViewport": True, "format": "webp", "quality": 80}
        shot = self._driver.execute_cdp_cmd("Page.captureScreenshot", wanted)
        file.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        self._driver.quit()


def look_over(browser: Browser) -> None:
    """The page is fit for everybody, and the browser has nothing to say against it."""
    assert browser.violations() == []
    glance_at(browser)


def glance_at(browser: Browser) -> None:
    """The same of a page that axe sees elsewhere: a whole page costs it some seconds."""
    assert not browser.is_scrolled_sideways
    assert browser.complaints() == []
