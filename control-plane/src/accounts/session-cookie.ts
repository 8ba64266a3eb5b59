/** The session's cookie, out of reach of scripts and never sent by other sites; and what happens where it changes. */
import { permissionsOf, type Me } from '@casare/shared/api';
import type { Request, Response } from 'express';
import { sessionCookieOf, type Caller } from '../platform/http/caller.ts';
import { credentialsOf } from '../platform/http/guard.ts';
import { SESSION_MS, type AccountsService, type NewSession } from './accounts.service.ts';

interface Exchange {
  readonly accounts: AccountsService;
  readonly webUrl: string;
  readonly request: Request;
  readonly response: Response;
}

/** A cookie, for this origin alone. */
interface NewCookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly maxAgeMs: number;
}

/** The browser gets a token that nobody has seen before; the session that it had, whosever it was, ends. */
export async function enter(session: NewSession, { accounts, webUrl, request, response }: Exchange): Promise<Me> {
  const before = credentialsOf(request).sessionToken;
  if (before !== null) await accounts.logOut(before);
  setCookie(response, webUrl, {
    name: sessionCookieOf(request.app),
    value: session.token,
    path: '/',
    maxAgeMs: SESSION_MS,
  });
  return viewOf(session.caller);
}

/** Ends the session and takes the cookie away. */
export async function leave({ accounts, webUrl, request, response }: Exchange): Promise<void> {
  const { sessionToken } = credentialsOf(request);
  if (sessionToken !== null) await accounts.logOut(sessionToken);
  setCookie(response, webUrl, { name: sessionCookieOf(request.app), value: '', path: '/', maxAgeMs: 0 });
}

export function setCookie(response: Response, webUrl: string, { name, value, path, maxAgeMs }: NewCookie): void {
  const secure = webUrl.startsWith('https://') ? '; Secure' : '';
  const age = Math.floor(maxAgeMs / 1_000);
  response.append('Set-Cookie', `${name}=${value}; Path=${path}; HttpOnly; SameSite=Strict; Max-Age=${age}${secure}`);
}

export function viewOf(caller: Caller): Me {
  const { accountId, email, role, tenant, via, csrfToken } = caller;
  return {
    accountId,
    email,
    role,
    permissions: permissionsOf(caller),
    sites: caller.sites ? [...caller.sites] : null,
    tenant,
    via,
    csrfToken,
  };
}
