"""Projects with the nasty combinations of what Compose can read, each with options where it needs some.

Where Compose refuses a project, so must reading it; the others are read as Compose reads them (the integration
tier asks it).
"""
# ruff: noqa: E501 (a table reads best in rows)

from __future__ import annotations

from tests.unit.changes.worlds import Files, Link, make_stack
from workers.model import Stack

Y = "app/compose.yaml"

PROJECTS: dict[str, tuple[Files] | tuple[Files, Stack]] = {
    "nested include dirs": ({Y:"include:\n  - path: [../a/compose.yaml, ../a/over.yaml]\n    project_directory: ../pd\n    env_file: [../a/1.env, ../a/2.env]\nservices: {w: {image: x}}","a/compose.yaml":"include: [sub/c.yaml]\nservices: {a: {image: 'i:${A:-no}-${B:-no}', volumes: ['./v:/v'], env_file: e.env}}","a/over.yaml":"services: {a: {command: [x, '${A}']}}","a/1.env":"A=1\nB=1\n","a/2.env":"B=2${A}\n","pd/e.env":"Q=${A:-none}","pd/sub/c.yaml":"services: {n: {image: 'x:${A:-n}${Z:-z}', volumes: ['./q:/q']}}","pd/sub/.env":"Z=9\nA=7"},),
    "extends chain across files": ({Y:"services: {w: {extends: {file: ../b/one.yaml, service: o}, volumes: ['./w:/w']}}","b/one.yaml":"services: {o: {extends: {file: deep/two.yaml, service: t}, environment: {X: '1'}, volumes: ['./o:/o']}}","b/deep/two.yaml":"services: {t: {image: t, env_file: t.env, build: {context: ., dockerfile: D}, volumes: ['../u:/u'], labels: [a=b]}}","b/deep/t.env":"T=1\nX=0","b/deep/D":"FROM x"},),
    "extends same file with override": ({Y:"services:\n  base: {image: b, environment: [A=1, B=2], ports: ['80:80']}\n  w: {extends: base, environment: {B: '3'}, ports: ['81:80']}","app/compose.override.yml":"services: {w: {image: over, environment: [C=$$x]}, base: {image: changed}}"},),
    "profiles star": ({Y:"services: {a: {image: a, profiles: [x]}, b: {image: b, profiles: [y]}}"},make_stack(profiles=("*",))),
    "profiles env": ({Y:"services: {a: {image: a, profiles: [x]}, b: {image: b}}","app/.env":"COMPOSE_PROFILES=x\nCOMPOSE_FILE=nope.yaml\nCOMPOSE_PROJECT_NAME=evil"},),
    "profiles option beats env": ({Y:"services: {a: {image: a, profiles: [x]}, b: {image: b, profiles: [y]}}","app/.env":"COMPOSE_PROFILES=x"},make_stack(profiles=("y",))),
    "include without .env": ({Y:"include: [{path: ../i/c.yaml, env_file: /dev/null}]","i/c.yaml":"services: {z: {image: 'z:${V:-none}'}}","i/.env":"V=iv"},),
    "include with an env file and none": ({Y:"include: [{path: ../i/c.yaml, env_file: [/dev/null, ../i/e.env]}]","i/c.yaml":"services: {z: {image: 'z:${V:-none}-${W}'}}","i/.env":"V=iv","i/e.env":"W=1"},),
    "no env file": ({Y:"services: {a: {image: 'a:${V:-none}', env_file: /dev/null}}","app/.env":"V=1"},make_stack(env_files=("/dev/null",))),
    "no env file among others": ({Y:"services: {a: {image: a, env_file: [{path: /dev/null, required: false}, a.env]}}","app/a.env":"A=1"},),
    "project name var": ({Y:"services: {a: {image: 'x:${COMPOSE_PROJECT_NAME}'}}"},),
    "env files option": ({Y:"services: {a: {image: 'x:${T}-${U:-u}', env_file: .env}}","app/.env":"U=dot","app/x.env":"T=1","y.env":"T=${T}2"},make_stack(env_files=("app/x.env","y.env"))),
    "env file precedence": ({Y:"services: {a: {image: x, env_file: [a.env, b.env], environment: {Z: , Q: '${Q:-d}'}}}","app/a.env":"A=1\nB=$A\nV","app/b.env":"B=b$A\nA='lit$A'\n","app/.env":"Q=fromdot\nZ=z\nV=vv"},make_stack(variables={"Q":"stackq"})),
    "anchors and merge": ({Y:"x-base: &b {image: x, environment: &e {A: 1}}\nservices:\n  a: {<<: *b, environment: {<<: *e, B: 2}, volumes: [./a:/a]}\n  b: *b"},),
    "reset and override": ({Y:"services: {a: {image: x, ports: ['1:1'], env_file: missing.env, volumes: ['./a:/a'], environment: {A: 1, B: 2}}}","app/compose.override.yaml":"services:\n  a:\n    env_file: !reset []\n    volumes: !override ['./b:/b']\n    environment: {A: !reset null}\n"},),
    "several files": ({"app/x/one.yaml":"services: {a: {image: x, volumes: ['./a:/a'], build: ./ctx}}","base.yaml":"services: {a: {volumes: ['./b:/b']}}","app/ctx/Dockerfile":""},make_stack(files=("x/one.yaml","../base.yaml"))),
    "crlf and bom": ({Y:"services:\r\n  a:\r\n    image: 'x:${T}'\r\n    env_file: e.env\r\n","app/.env":"T=1\r\n","app/e.env":'A=1\r\nB="two"\r\n'},),
    "odd names": ({Y:"services:\n  a:\n    image: x\n    volumes: ['./a b/ü:/x', './-dash:/y', \"./it's:/z\"]\n    env_file: ['./-e.env', 'sp ace.env']\n","app/a b/ü":"1","app/-dash":"1","app/it's":"1","app/-e.env":"E=1","app/sp ace.env":"S=1"},),
    "defaults nested": ({Y:"services: {a: {image: 'x:${A:-${B:-c}}-${C-d}-${D:+e}-${E+f}-$$G', volumes: ['${DIR:-./d}/x:/x', '~/h:/h', '${HOME}/q:/q', '/etc/hosts:/hosts:ro']}}","app/.env":"D=1\nE="},),
    "long volumes": ({Y:"services: {a: {image: x, volumes: [{type: bind, source: ./b, target: /b}, {type: volume, source: vol, target: /v}, {type: tmpfs, target: /t}, 'anon:/n', /only]}}\nvolumes: {vol: {}, anon: {driver_opts: {type: none, o: 'rw,bind', device: '${PWD}/dev'}}}","app/dev/x":"1"},),
    "secrets long": ({Y:"services: {a: {image: x, secrets: [s, {source: t, target: /t, mode: 0400}], configs: [{source: c, target: /c}]}}\nsecrets: {s: {file: ./s.txt}, t: {environment: TT}}\nconfigs: {c: {content: 'a ${TT}'}}","app/s.txt":"s","app/.env":"TT=1"},),
    "depends and links": ({Y:"services: {a: {image: x, depends_on: {b: {condition: service_started, required: false}}, links: ['c:cc']}, b: {image: y, profiles: [p]}, c: {image: z}}"},),
    "build forms": ({Y:"services: {a: {build: {context: .., dockerfile: app/D, args: [A, B=2], additional_contexts: [m=./m, i=docker-image://q], secrets: [s], ssh: [default]}}, b: {build: 'https://github.com/x/y.git'}}\nsecrets: {s: {file: ../tok}}","app/D":"FROM x","tok":"1","app/m/x":"","app/.env":"A=av"},),
    "context with default name var": ({Y:"services: {a: {build: '${CTX}'}}","app/.env":"CTX=./c","app/c/Dockerfile":"FROM x"},),
    "included extends": ({Y:"include: [../i/c.yaml]","i/c.yaml":"services: {z: {extends: {file: base.yaml, service: b}}}","i/base.yaml":"services: {b: {image: 'b:${V}', env_file: e.env, volumes: ['./m:/m']}}","i/e.env":"A=${V}","i/.env":"V=iv"},),
    "included environment passthrough": ({Y:"include: [../i/c.yaml]","i/c.yaml":"services: {z: {image: z, environment: [V, W=$V]}}","i/.env":"V=iv"},),
    "include same file from two": ({Y:"include: [../i/a.yaml, ../i/b.yaml]","i/a.yaml":"include: [n.yaml]\nservices: {a: {image: a}}","i/b.yaml":"include: [n.yaml]\nservices: {b: {image: b}}","i/n.yaml":"services: {n: {image: n}}\nnetworks: {default: {driver: bridge}}"},),
    "conflicting include": ({Y:"include: [../i/a.yaml]\nservices: {a: {image: b}}","i/a.yaml":"services: {a: {image: a}}"},),
    "override of included": ({Y:"include: [../i/a.yaml]","app/compose.override.yaml":"services: {a: {command: x}}","i/a.yaml":"services: {a: {image: a}}"},),
    "required var": ({Y:"services: {a: {image: '${X:?gone}'}}"},),
    "empty service env_file missing": ({Y:"services: {a: {image: x, env_file: gone.env}}"},),
    "all disabled": ({Y:"services: {a: {image: x, profiles: [p]}}"},),
    "null service": ({Y:"services: {a: }"},),
    "scalar service": ({Y:"services: {a: hello}"},),
    "list services": ({Y:"services: [a]"},),
    "tab": ({Y:"services:\n\ta: {image: x}"},),
    "dup key": ({Y:"services: {a: {image: x, image: y}}"},),
    "self include": ({Y:"include: [compose.yaml]\nservices: {a: {image: x}}"},),
    "self extends": ({Y:"services: {a: {extends: b, image: x}, b: {extends: a}}"},),
    "extends missing service": ({Y:"services: {a: {extends: nope, image: x}}"},),
    "extends missing file": ({Y:"services: {a: {extends: {file: nope.yaml, service: x}}}"},),
    "multi documents": ({Y:"services: {a: {image: x}}\n---\nservices: {a: {command: y}, b: {image: z}}"},),
    "symlinked compose": ({Y:Link("../real/c.yaml"),"real/c.yaml":"services: {a: {image: x, volumes: ['./v:/v'], env_file: e.env}}","app/e.env":"A=1"},),
    "symlinked dir": ({Y:"services: {a: {image: x, volumes: ['./l/v:/v'], env_file: l/e.env}}","app/l":Link("../real"),"real/e.env":"A=1","real/v":"1"},),
    "env file a dir": ({Y:"services: {a: {image: x, env_file: d}}","app/d/x":""},),
    "dotenv is dir": ({Y:"services: {a: {image: x}}","app/.env/x":""},),
    "optional env": ({Y:"services: {a: {image: x, env_file: [{path: n.env, required: false}, {path: y.env}]}}","app/y.env":"Y=1"},),
    "environment types": ({Y:"services: {a: {image: x, environment: {A: 1, B: 1.5, C: true, D: 0x10, E: '', F: 1e3, G: 010, H: yes, I: null}, labels: {n: 1, t: true}}}"},),
    "unresolved env": ({Y:"services: {a: {image: x, environment: [NOPE, 'E=${NOPE2}', F=]}}"},),
    "dockerfile abs": ({Y:"services: {a: {build: {context: ., dockerfile: '${PWD}/sub/D'}}}","app/sub/D":"FROM x"},),
    "network aliases": ({Y:"services: {a: {image: x, networks: {n: {aliases: [q]}, default: }}}\nnetworks: {n: {external: true, name: '${N:-ext}'}}"},),
    "external object": ({Y:"services: {a: {image: x, volumes: ['vol:/v']}}\nvolumes: {vol: {external: {name: q}}}"},),
    "seccomp": ({Y:"services: {a: {image: x, security_opt: ['seccomp=./p.json','apparmor:x']}}","app/p.json":"{}"},),
    "var in key": ({Y:"services: {a: {image: x, environment: {'${K}': v}}}","app/.env":"K=k"},),
    "lots of dollars": ({Y:"services: {a: {image: x, command: 'echo $$HOME $${X}', environment: {P: 'a$$b'}}}"},),
    "bad template": ({Y:"services: {a: {image: 'x${', command: q}}"},),
    "extends included service": ({Y:"include: [../i/a.yaml]\nservices: {b: {extends: a}}","i/a.yaml":"services: {a: {image: a}}"},),
    "override includes": ({Y:"services: {a: {image: a}}","app/compose.override.yaml":"include: [../i/a.yaml]\nservices: {c: {image: c}}","i/a.yaml":"services: {b: {image: b, volumes: ['./x:/x']}}"},),
    "override includes what main has": ({Y:"services: {a: {image: a}}","app/compose.override.yaml":"include: [../i/a.yaml]\n","i/a.yaml":"services: {a: {command: b}}"},),
    "second doc overrides include": ({Y:"include: [../i/a.yaml]\n---\nservices: {a: {command: b}}","i/a.yaml":"services: {a: {image: b}}"},),
    "override resets included": ({Y:"include: [../i/a.yaml]\n","app/compose.override.yaml":"services: {a: {volumes: !override ['./n:/n'], environment: {B: 2}}}","i/a.yaml":"services: {a: {image: b, volumes: ['./q:/q'], environment: {A: 1}, env_file: e}}","i/e":"E=1"},),
}  # fmt: skip
