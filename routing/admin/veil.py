"""Telephone numbers for people who may not see customers: enough to find a contact, too little to call anybody."""

from customers.privacy.masking import masked as veiled
from customers.privacy.masking import masked_all as veiled_all

__all__ = ["veiled", "veiled_all"]
