"""Who asks, from where, and whether they may.

access   callers by what they show, and whether something has to be shown at all
lookups  tokens looked up together
jwts     JWTs of an OpenID provider, and keys, the keys that they are signed with
kept     answers kept in memory for some seconds
sites    the names that the service is called by, and the sites whose pages may call it
guard    checks both before anything else, and adds the headers that every answer has
rules    settings that do not go together
refusals answers to those who may not
"""
