/** Turns what Playwright throws into a `StepFailure`: one line that says what happened and what to do. */
import { StepFailure, type StepContext } from '../../engine/index.ts';
import { diskFull, isFull } from '../run-files.ts';
import { asItIs, stopped, timedOut } from '../step-failure.ts';

/** The network's reasons, as Chromium names them, in words. */
const NETWORK_REASONS: Readonly<Record<string, string>> = {
  ERR_CONNECTION_REFUSED: 'nothing answers at that address (connection refused): is the site running?',
  ERR_CONNECTION_RESET: 'the connection was reset: a firewall or the site cut it',
  ERR_CONNECTION_CLOSED: 'the site closed the connection without an answer',
  ERR_CONNECTION_TIMED_OUT: 'the site did not answer in time',
  ERR_EMPTY_RESPONSE: 'the site closed the connection without an answer',
  ERR_NAME_NOT_RESOLVED: 'its name is not known to the name server of this machine',
  ERR_INTERNET_DISCONNECTED: 'this machine has no network',
  ERR_ADDRESS_UNREACHABLE: 'there is no route to that address from this machine',
  ERR_PROXY_CONNECTION_FAILED: 'the proxy server does not answer',
  ERR_TUNNEL_CONNECTION_FAILED: 'the proxy server refused the connection',
  ERR_UNSAFE_PORT: 'the browser refuses to open that port: is the address right?',
  ERR_TOO_MANY_REDIRECTS: 'it redirects for ever',
};

/** Why an element could not be used, taken from Playwright's call log; the last one holds. */
const OBSTACLES = [
  /<.*> intercepts pointer events/g,
  /element is not (?:visible|enabled|editable|stable)/g,
  /element is outside of the viewport/g,
  /element was detached from the DOM/g,
] as const;

/** `certain` applies to what is not yet a failure, and overrules a failure raised after the step had acted. */
export function failureOf(error: unknown, context: StepContext, certain: boolean): StepFailure {
  if (error instanceof StepFailure) return asItIs(error, certain);
  const message = error instanceof Error ? error.message : String(error);
  if (context.signal.aborted) return stopped(certain);
  if (isFull(error)) return diskFull(context);
  if (isTimeout(error)) return timeoutFailure(message, context, certain);
  const network = /net::(ERR_[A-Z_]+)(?: at (\S+))?/.exec(message);
  if (network) return unreachable(network[1] ?? '', network[2] ?? 'the address', certain);
  if (/Target (page, context or browser has been closed|crashed)|Page crashed|Browser has been closed/i.test(message)) {
    return new StepFailure({
      type: 'runtime',
      code: 'BROWSER_GONE',
      title: 'The browser or its page ended during the step',
      detail: 'The browser crashed or was closed: open the page again with browser.open',
      certain,
    });
  }
  return new StepFailure({
    type: 'runtime',
    code: 'BROWSER_STEP_FAILED',
    title: 'The browser could not carry out the step',
    detail: message.split('\nCall log:', 1)[0]?.slice(0, 1_000) ?? message,
    certain,
  });
}

/** Playwright wraps the reason of an aborted signal in an error of its own. */
function isTimeout(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'TimeoutError' || error.name === 'AbortError' || /aborted due to timeout/.test(error.message);
}

function timeoutFailure(message: string, context: StepContext, certain: boolean): StepFailure {
  const obstacle = OBSTACLES.flatMap((pattern) => message.match(pattern) ?? []).at(-1);
  if (obstacle === undefined) return timedOut(context, certain);
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'ELEMENT_NOT_READY',
    title: 'The element could not be used in time',
    detail: `After ${context.timeoutMs} ms still: ${obstacle.replaceAll(/\s+/g, ' ').slice(0, 300)}`,
    certain,
  });
}

function unreachable(reason: string, url: string, certain: boolean): StepFailure {
  const known = NETWORK_REASONS[reason] ?? (reason.startsWith('ERR_CERT_') ? 'its certificate is not trusted' : '');
  const why = known === '' ? reason : `${known} (${reason})`;
  return new StepFailure({
    type: 'communication',
    status: 503,
    code: 'URL_UNREACHABLE',
    title: 'The address could not be reached',
    detail: `${url} could not be opened: ${why}`,
    certain,
  });
}
