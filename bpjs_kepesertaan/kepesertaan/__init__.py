"""JKN membership: is this NIK covered, is this company registered?"""
