"""What memx does, each thing written once: an `async def` over an `IO`, for both colours."""
