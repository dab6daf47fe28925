"""What is answered over HTTP.

factory    `create_app`: everything below, made once
receiver   a forge's webhook: verify, parse, publish one message
api        the JSON API
streams    events as they happen, and logs
metrics    for Prometheus
health     alive, and able to work
auth       who may ask
bodies     bodies within their limits
problems   errors as JSON
requests   what is asked: bodies and queries
asking     how views are given that
idempotency   actions that are sent twice
openapi    the description of the API; operations and shapes are what it says of each route and answer
schemas    what is shown of stacks and repos
tally      what this process has answered
"""
