"""What results mean: their series, what may be compared with what, and on which scale.

Shared by the SDK and the control plane, as the contract is: it needs pydantic and the contract, and nothing else.
`reading` makes series of an `output.json`; `registry` finds the aggregator of a kind of work; `pooling` puts the parts
of one execution together.
"""
