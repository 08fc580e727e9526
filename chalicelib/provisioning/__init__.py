"""Machines of AWS behind the port `MachineProvider`: EC2 instances and ECS tasks. Importing this touches nothing."""
