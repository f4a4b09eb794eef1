"""A simulated retailer whose truth is known: every landing entity, and why each customer did what they did."""

from datasets.simulated.command import respond, simulate

__all__ = ["respond", "simulate"]
