/** What goes wrong with a call by HTTP, in words. Nothing here shows credentials, query values or content with secrets. */
import { StepFailure } from '../../engine/index.ts';
import { codeOf, describe } from '../../fault.ts';
import { ContentTooLarge } from './transport.ts';

/** Methods that change nothing at the server (RFC 9110, section 9.2.1): whatever fails, nothing was done. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up now',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to its network',
};
/** Certificates that Node does not accept. */
const UNTRUSTED = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/;

/** True when a failed request of this method has left nothing behind. */
export function isSafe(method: string): boolean {
  return SAFE_METHODS.has(method);
}

/** An address without what may be secret in it: no credentials, query or fragment. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** Arguments that cannot be sent: nothing was done. */
export function invalid(code: string, title: string, detail: string): StepFailure {
  return new StepFailure({ type: 'validation', code, title, detail, certain: true });
}

/** Why a request got no usable answer. `connected`: it may have arrived. */
export function requestFailure(error: unknown, method: string, url: URL, connected: boolean): StepFailure {
  if (error instanceof StepFailure) return error;
  const certain = !connected || isSafe(method);
  const where = `${method} ${shownUrl(url)}`;
  if (error instanceof ContentTooLarge) {
    const { isFile } = error;
    const how = isFile ? 'Ask for a smaller part of it.' : 'Ask for less, or store it by `metadata.rpa.saveAs`.';
    return new StepFailure({
      type: 'communication',
      status: 502,
      code: isFile ? 'HTTP_FILE_TOO_LARGE' : 'HTTP_CONTENT_TOO_LARGE',
      title: 'The answer is too large',
      detail: `${where}: ${error.message}. ${how}`,
      certain,
    });
  }
  const code = codeOf(error);
  if (code === 'ERR_INVALID_CHAR' || code === 'ERR_INVALID_HTTP_TOKEN' || code === 'ERR_UNESCAPED_CHARACTERS') {
    return invalid('HTTP_HEADER_INVALID', 'A header or the method cannot be sent', `${where}: ${describe(error)}`);
  }
  if (UNTRUSTED.test(code)) {
    return new StepFailure({
      type: 'communication',
      status: 502,
      code: 'HTTP_TLS_UNTRUSTED',
      title: "The server's certificate is not trusted",
      detail: `${where}: ${describe(error)}. Give the agent the CA by NODE_EXTRA_CA_CERTS, or correct the address.`,
      certain: true,
    });
  }
  const why = UNREACHABLE[code] ?? describe(error);
  return new StepFailure({
    type: 'communication',
    status: 503,
    code: connected ? 'HTTP_BROKEN' : 'HTTP_UNREACHABLE',
    title: connected ? 'The server gave no answer' : 'The server cannot be reached',
    detail: `${where}: ${why}.`,
    certain,
  });
}
