"""From a commit to a decision: what a stack is made of, and what a difference in it asks for. No I/O.

What comes in: `tree` (the protocols through which Git and files outside Git are read), `digest` (keyed digests).
Reading as Compose reads: `limits`, `yaml_file` with `yaml_builder` and `scalar`, `interpolation`, `dotenv`,
`short_forms`, `unicity`, `merge`; on them `variables`, `locations`, `model_loader` (`extends`, `include`), `project`.
What reaches a stack: `trace` (every lookup is recorded), `reach` (what was found), `inputs` (options), `jobs`,
`unwritten` (the host's files but for Tegu's own), `supported`, `contents`, `contexts` with `dockerfile` (read by
`instructions`, `heredoc`, `shell_words` and `shell_pattern`) and the builder's own filter (`ignorefile`,
`ignore_pattern`, `ignore_matcher`, `filtered`), `resources`, `overruled` (what is not gone by), `definition` with
`kinds` and `published_ports` (a service as Compose counts it), and `closure`, which makes the `snapshot` that is kept.
What follows: `comparison`, `rules`, `service_actions`, `decision`, `two_commits` (`tegu plan --from --to`), and
`agreement` with what `docker compose config` says.
"""
