"""What every app has to answer: workloads, their payloads and schemas, and the gate that checks it before any load."""
