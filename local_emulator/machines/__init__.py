"""EC2 and ECS that execute what they are asked for: moto's accounts of machines, and real processes behind them."""
