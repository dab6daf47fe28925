"""From a commit to a decision: what a stack is made of, and what a difference in it asks for. No I/O.

What comes in: `tree` (the protocols through which Git and files outside Git are read), `digest` (keyed hashes).
Reading as Compose reads: `limits`, `yaml_file`, `interpolation`, `dotenv`, `merge`, then `variables`,
`include`, `extends`, `project`. What reaches a stack: `trace` (every lookup is recorded), `closure`,
`ignorefile`, `dockerfile`. What is kept: `snapshot`. What follows: `rules`, `decision`, `plan`,
`agreement` (with what `docker compose config` says).
"""
