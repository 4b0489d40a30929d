from typing import Optional
from aiortc import RTCSctpTransport
# Optional type for nullable values
Optional[RTCSctpTransport] # Union of T and None
print(RTCSctpTransport.__name__)
