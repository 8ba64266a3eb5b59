/**
 * `browser.waitForResponse`: an answer to a request of the page. Most often the step before caused it, and it may have come
 * already: what came since that step began counts too.
 */
import type { Response } from 'playwright-core';
import type { z } from 'zod';
import { OUTPUT_BYTES } from '@casare/shared/protocol';
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { browserStep, type BrowserScope } from './step.ts';
import { urlPattern } from './url-pattern.ts';
import { untilAborted } from '../within.ts';

/** Of a body that is read, so that it fits into the step's output with its escapes. */
const MAX_BODY_BYTES = OUTPUT_BYTES / 2;
const SHOWN = 5;

type Body = z.infer<typeof BROWSER_STEPS.waitForResponse.output>['body'];

/** Fails with RESPONSE_NOT_SEEN (408), RESPONSE_TOO_LARGE, RESPONSE_NOT_JSON, RESPONSE_GONE. */
export const waitForResponseStep: Step = browserStep(
  BROWSER_STEPS.waitForResponse,
  async ({ url, method, status, read }, scope) => {
    const pattern = urlPattern(url);
    const response = await firstThat(scope, url, (candidate) => {
      if (!pattern.test(candidate.url())) return false;
      if (method !== undefined && candidate.request().method() !== method) return false;
      return status === undefined || candidate.status() === status;
    });
    return {
      url: response.url(),
      method: response.request().method(),
      status: response.status(),
      body: await bodyOf(scope, response, read ?? 'nothing'),
    };
  },
);

async function firstThat(scope: BrowserScope, url: string, fits: (response: Response) => boolean): Promise<Response> {
  const { log, previousStep } = scope.session;
  const known = log.responsesSince(previousStep).find(fits);
  if (known !== undefined) return known;
  const { promise, resolve } = Promise.withResolvers<Response>();
  scope.afterwards(async () => stop());
  const stop = log.onResponse((response) => {
    if (fits(response)) resolve(response);
  });
  try {
    return await untilAborted(scope.signal, promise);
  } catch (error) {
    if (scope.context.signal.aborted || !scope.signal.aborted) throw error;
    throw notSeen(url, log.responsesSince(previousStep));
  }
}

async function bodyOf(scope: BrowserScope, response: Response, read: 'nothing' | 'text' | 'json'): Promise<Body> {
  if (read === 'nothing') return null;
  const body = await untilAborted(scope.signal, response.body()).catch((error: unknown) => {
    throw scope.signal.aborted ? error : gone(response);
  });
  if (body.length > MAX_BODY_BYTES) throw tooLarge(response, body.length);
  const text = body.toString('utf8');
  if (read === 'text') return text;
  try {
    return JSON.parse(text) as Body;
  } catch {
    throw notJson(response);
  }
}

function notSeen(url: string, others: readonly Response[]): StepFailure {
  const last = others
    .slice(-SHOWN)
    .map((other) => `${other.request().method()} ${other.url().slice(0, 200)} ${other.status()}`);
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'RESPONSE_NOT_SEEN',
    title: 'The answer did not come',
    detail: `No answer from ${url}${last.length === 0 ? '' : `; the last that came: ${last.join(', ')}`}`,
    certain: true,
  });
}

function tooLarge(response: Response, bytes: number): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'RESPONSE_TOO_LARGE',
    title: 'The answer is too large to be read',
    detail: `${response.url().slice(0, 500)} has ${bytes} bytes and ${MAX_BODY_BYTES} are read: use browser.download or call http`,
    certain: true,
  });
}

function notJson(response: Response): StepFailure {
  return new StepFailure({
    type: 'runtime',
    code: 'RESPONSE_NOT_JSON',
    title: 'The answer is not JSON',
    detail: `${response.url().slice(0, 500)} answered with ${response.headers()['content-type'] ?? 'no media type'}: read it as text`,
    certain: true,
  });
}

function gone(response: Response): StepFailure {
  return new StepFailure({
    type: 'runtime',
    code: 'RESPONSE_GONE',
    title: 'The body of the answer cannot be had any more',
    detail: `The page has gone on since ${response.url().slice(0, 500)} answered: wait for it before what leaves the page`,
    certain: true,
  });
}
