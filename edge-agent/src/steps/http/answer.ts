/** What becomes of an answer: an error by its status, or the output in the form that the document wants. */
import { StepFailure, type StepContext } from '../../engine/index.ts';
import type { Json } from '@casare/shared/workflow';
import type { OutputFormat } from './arguments.ts';
import { decodeContent, excerptOf } from './content.ts';
import type { Exchanged } from './exchange.ts';
import { isSafe, shownUrl } from './failures.ts';
import type { HttpRequest } from './transport.ts';

/** Characters of an error's content that are shown. */
const EXCERPT = 500;

/** What the document wants of an answer. */
export interface Wanted {
  readonly output: OutputFormat | undefined;
  /** 3xx is an answer and no error. */
  readonly redirect: boolean;
}

/**
 * The output of a call.
 * @throws StepFailure communication with the answer's own status: HTTP_STATUS; HTTP_CONTENT_INVALID
 */
export function outputOf({ request, answer }: Exchanged, wanted: Wanted, context: StepContext): Json {
  const { body, headers } = answer;
  checkStatus({ request, answer }, wanted, context);
  if (wanted.output === 'raw') return body.toString('base64');
  const content = decodeContent(body, headers['content-type']);
  if (!content.ok) throw unreadable(request, content.why);
  if (wanted.output !== 'response') return content.value;
  return { ...responseOf({ request, answer }), content: content.value };
}

/** @throws StepFailure communication with the answer's own status: HTTP_STATUS */
export function checkStatus(exchanged: Exchanged, { redirect }: Pick<Wanted, 'redirect'>, context: StepContext): void {
  const { status } = exchanged.answer;
  if (status < 200 || status >= (redirect ? 400 : 300)) throw statusFailure(exchanged, context);
}

/** The standard's `response` without its content. */
export function responseOf({ request, answer }: Exchanged): Readonly<Record<string, Json>> {
  return {
    request: { method: request.method, uri: request.url.href, headers: request.headers },
    statusCode: answer.status,
    headers: answer.headers,
  };
}

/**
 * An answer that is an error. What a 4xx refuses was not done; a 5xx, or a redirect that is not followed, may have come
 * after the deed.
 */
function statusFailure({ request, answer }: Exchanged, context: StepContext): StepFailure {
  const { status, statusText, body, headers } = answer;
  const excerpt = context.usesSecret ? '' : excerptOf(body, headers['content-type'], EXCERPT);
  const answered = `${request.method} ${shownUrl(request.url)} answered ${status} ${statusText}`.trim();
  const hint = status >= 300 && status < 400 ? ' Write `redirect: true` to follow it.' : '';
  return new StepFailure({
    type: 'communication',
    status,
    code: 'HTTP_STATUS',
    title: `The server answered ${status} ${statusText}`.trim().slice(0, 200),
    detail: `${answered}${excerpt === '' ? '.' : `: ${excerpt}`}${hint}`,
    certain: isSafe(request.method) || (status >= 400 && status < 500 && status !== 408),
  });
}

function unreadable(request: HttpRequest, why: string): StepFailure {
  return new StepFailure({
    type: 'communication',
    status: 502,
    code: 'HTTP_CONTENT_INVALID',
    title: 'The answer is not what it says it is',
    detail: `${request.method} ${shownUrl(request.url)}: ${why}. Take it as it is by \`output: raw\`.`,
    certain: isSafe(request.method),
  });
}
