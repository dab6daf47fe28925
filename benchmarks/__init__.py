"""What Tegu costs, each figure against a floor measured in the same run on the same machine.

python -m benchmarks [name…] [--json]

figure         what a benchmark says, and how times are taken
repositories   repositories of any size, made in seconds
system         a whole Tegu whose other stacks count as deployed
deciding … replay   one module per question; `measure()` answers it
noop_task      the floor of the fan-out
floor_app      the floor of the receiver
"""
