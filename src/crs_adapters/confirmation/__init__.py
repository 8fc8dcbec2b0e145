"""Documents that confirm a reservation: a sheet to print, an entry for a calendar."""
