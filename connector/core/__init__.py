"""What happens: pure functions and one generator. Nothing here touches the world."""
