/** Names of headers and parameters whose values prove who asks. */
export const CREDENTIAL_NAME =
  /^(cookie|set-cookie|(proxy-)?authorization|code|sig|signature|.*(token|secret|api-?key|session|csrf|xsrf|passw|credential).*)$/i;

/** What stands in place of such a value. */
export const REMOVED = 'removed';
