/**
 * How a call says who it is: headers for a request, and the answer to a server's challenge. What comes of tokens that were
 * fetched on the way is masked in everything that leaves the step.
 */
import { randomUUID } from 'node:crypto';
import { createVault, type StepContext } from '../../engine/index.ts';
import type { Json } from '@casare/shared/workflow';
import type { Authentication } from './arguments.ts';
import { answerTo, challengeIn } from './digest.ts';
import { accessToken, type Ask } from './oauth.ts';
import type { HttpAnswer, HttpRequest } from './transport.ts';

/** Of one call; it holds for the origin that the document names, and for no other. */
export interface Authenticator {
  /** Headers of the first try. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** Headers of a second try after this answer; null when there is none to make. */
  retry(answer: HttpAnswer, request: HttpRequest): Readonly<Record<string, string>> | null;
  /** Without tokens that only this step knows. */
  mask<Value extends Json>(value: Value): Value;
}

/** An authenticator; without a policy it adds nothing. */
export function authenticatorOf(policy: Authentication | undefined, context: StepContext, ask: Ask): Authenticator {
  let fetched: string | null = null;
  return {
    headers: async () => {
      if (policy === undefined || 'digest' in policy) return {};
      if ('basic' in policy) return { authorization: basic(policy.basic) };
      if ('bearer' in policy) return { authorization: `Bearer ${policy.bearer.token}` };
      const token = await ('oidc' in policy
        ? accessToken('oidc', policy.oidc, context, ask)
        : accessToken('oauth2', policy.oauth2, context, ask));
      fetched = token;
      return { authorization: `Bearer ${token}` };
    },
    retry: (answer, { method, url }) => {
      if (policy === undefined || !('digest' in policy) || answer.status !== 401) return null;
      const challenge = challengeIn(answer.headers['www-authenticate'] ?? '');
      if (challenge === null) return null;
      const target = `${url.pathname}${url.search}`;
      return { authorization: answerTo(challenge, policy.digest, { method, target, cnonce: randomUUID() }) };
    },
    mask: (value) => (fetched === null ? value : createVault({ token: fetched }).scrub(value)),
  };
}

function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}
