-- An account leaves its tenant for good: what it signs in by, its keys and its sessions go with it. The audit log keeps who it was.
GRANT DELETE ON account, account_identity, api_key TO casare_app;
