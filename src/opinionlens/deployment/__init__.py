"""Which version answers: fetch, try, activate, follow, roll back."""
