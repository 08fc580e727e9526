"""From tasks to rankings: what is compared with what, and who is best. Pure; the report and the control plane share it.

`tasks`: what was measured, by whom. `executions`: parts of one repeat put together. `units`: one unit for each dimension.
`dimensions`: what stands beside each other on a board. `grouping`: boards, there by group. `relations`: comparisons and
verdicts. `ranking`: places. `judging`: all of it for one board.
"""
