"""What the CPU of a task's life goes to: the causes that are told apart, and what each took with moto's tables."""

EXPRESSIONS, TABLES, WAY, BOTOCORE = (
    "expressions",
    "tables without expressions",
    "from botocore to the tables",
    "botocore",
)
OWN, HTTP, MOTO, REST = "our own code", "Chalice and its HTTP", "moto (S3, SQS)", "the rest of the process"
CAUSES = (EXPRESSIONS, TABLES, WAY, BOTOCORE, OWN, HTTP, MOTO, REST)

# Over the CPU of `import moto.server`, in one run on the machine of adr/0022 (0.110 s over 0.768 s, 8 clients).
LIFE_BEFORE = 0.144
# In parts of that, told by py-spy (who holds the GIL) on the machine where a life took 51 to 58 ms. Chalice and its HTTP were
# not told apart from our own code.
BEFORE = {EXPRESSIONS: 0.28, TABLES: 0.23, WAY: 0.25, BOTOCORE: 0.15, OWN: 0.07, REST: 0.02}
SOURCE = "by py-spy on another machine"
