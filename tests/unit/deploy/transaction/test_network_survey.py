"""Compose's own digest of a network, by what `config` says of it."""

from __future__ import annotations

import pytest

from workers.deploy.transaction.network_survey import digest_of

# As Compose 2.40.3 and 5.6.1 have them in the label of the network.
LABELLED: dict[str, dict[str, object]] = {
    "3e123d74b07995bcbf22dece3433441aad564112b22743777aef72d8272eedd7": {
        "name": "upnx-other",
        "ipam": {},
        "enable_ipv6": False,
    },
    "36e1024b1d78ee700a17d088928f4beb7ff7c50aa61426af43f9188cb4cd5025": {
        "name": "upnx_n1",
        "driver_opts": {"com.docker.network.bridge.enable_icc": "true"},
        "ipam": {"config": [{"subnet": "10.77.3.0/24"}]},
        "labels": {"x": "a<b&c>$d é"},
    },
}


@pytest.mark.parametrize("label", LABELLED)
def test_it_is_the_label_that_compose_writes(label: str) -> None:
    assert digest_of(LABELLED[label]) == label
