/**
 * Denies by default: a handler is reached only through a declared endpoint whose permission the caller's role has.
 * `assertAllDeclared` makes a handler without a declaration a failure at startup.
 */
import type { CanActivate, ExecutionContext, INestApplicationContext } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { allows, mayCall, type Endpoint, type Permission, type Rights } from '@casare/shared/api';
import type { Request } from 'express';
import { timingSafeEqual } from 'node:crypto';
import { refuse, type Refusal } from '../refusal.ts';
import { sessionCookieOf, type Authenticator, type Caller, type Credentials } from './caller.ts';
import { endpointOf } from './handles.ts';
import { RefusedError } from './problem.ts';
import type { RateLimit } from './rate-limit.ts';
import { admit } from './request-state.ts';

/** The guard of every route. */
export class PermissionGuard implements CanActivate {
  readonly #authenticator: Authenticator;
  readonly #rateLimit: RateLimit | undefined;
  constructor(authenticator: Authenticator, rateLimit?: RateLimit) {
    this.#authenticator = authenticator;
    this.#rateLimit = rateLimit;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const endpoint = endpointOf(context.getHandler());
    if (endpoint === undefined) return false;
    const request = context.switchToHttp().getRequest<Request>();
    admit(request, endpoint.id, endpoint.permission === 'public' ? null : await this.#callerOf(endpoint, request));
    return true;
  }

  async #callerOf(endpoint: Endpoint, request: Request): Promise<Caller> {
    const caller = await this.#authenticator.authenticate(credentialsOf(request));
    if (caller === null) {
      throw new RefusedError(
        refuse('unauthenticated', 'AUTH_REQUIRED', 'This needs a valid API key or a signed-in session.', {
          fix: 'Send `Authorization: Bearer <api key>`, or sign in again.',
        }),
      );
    }
    this.#rateLimit?.count(caller.credential, request.res!);
    if (caller.via === 'session' && endpoint.method !== 'GET') checkCsrf(caller, request);
    if (!mayCall(caller, endpoint)) throw new RefusedError(permissionDenied(caller, endpoint.permission));
    return caller;
  }
}

/** Why a caller is turned away. Services say it of permissions that depend on what is asked for. */
export function permissionDenied(rights: Rights, permission: Permission): Refusal {
  const { role, scopes, suspended, sites = null } = rights;
  if (suspended && allows({ ...rights, suspended: false }, permission)) return tenantSuspended();
  if (sites !== null && allows({ ...rights, sites: null }, permission)) return everywhereNeeded(sites);
  const who = scopes === null ? `The role ${role}` : 'This API key';
  return refuse('denied', 'PERMISSION_DENIED', `${who} may not do this.`, {
    detail: `It needs the permission ${permission}.`,
    fix: 'Ask an owner for another role or key.',
  });
}

/** Of what does not keep to sites, to who is limited to some. */
function everywhereNeeded(sites: readonly string[]): Refusal {
  return refuse(
    'denied',
    'PERMISSION_DENIED',
    'This concerns the whole tenant, and your role holds at some sites only.',
    {
      detail: `It holds at: ${sites.join(', ') || 'no site'}.`,
      fix: 'Ask somebody whose role holds everywhere.',
    },
  );
}

/** Of whatever would change something in a suspended tenant. */
export function tenantSuspended(): Refusal {
  return refuse('denied', 'TENANT_SUSPENDED', 'This tenant is suspended: it can be read, and nothing can be changed.', {
    detail: 'Its agents are disconnected. Jobs and records are kept.',
    fix: 'Ask the operator of the platform to resume it.',
  });
}

/**
 * Fails the start when a controller has a route without `@Handles`.
 * @throws Error naming each of them
 */
export function assertAllDeclared(app: INestApplicationContext): void {
  const undeclared = app
    .get(DiscoveryService, { strict: false })
    .getControllers()
    .flatMap(({ name, metatype }) =>
      undeclaredRoutesOf(metatype as { prototype: object }).map((at) => `${name}.${at}`),
    );
  if (undeclared.length > 0) {
    throw new Error(`routes without @Handles, which nobody could be allowed or denied: ${undeclared.join(', ')}`);
  }
}

function undeclaredRoutesOf({ prototype }: { prototype: object }): string[] {
  return new MetadataScanner().getAllMethodNames(prototype).filter((name) => {
    const method = (prototype as Record<string, object>)[name]!;
    return Reflect.hasMetadata('path', method) && endpointOf(method) === undefined;
  });
}

function checkCsrf(caller: Caller, request: Request): void {
  const sent = Buffer.from(request.get('x-csrf-token') ?? '');
  const wanted = Buffer.from(caller.csrfToken ?? '');
  if (wanted.length > 0 && sent.length === wanted.length && timingSafeEqual(sent, wanted)) return;
  throw new RefusedError(
    refuse('denied', 'CSRF_TOKEN_WRONG', 'The request does not prove that it comes from the console.', {
      fix: 'Send the csrfToken of GET /auth/me as X-CSRF-Token.',
    }),
  );
}

/** What a request shows: a key in `Authorization`, or the session cookie. A wrong key is never made up for by a cookie. */
export function credentialsOf(request: Request): Credentials {
  const authorization = request.get('authorization');
  if (authorization !== undefined) {
    const apiKey = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(authorization)?.[1] ?? '';
    return { apiKey, sessionToken: null };
  }
  return { apiKey: null, sessionToken: cookieOf(request, sessionCookieOf(request.app)) };
}

/** A cookie's value; null when it was not sent. */
export function cookieOf(request: Request, name: string): string | null {
  for (const pair of (request.get('cookie') ?? '').slice(0, 8_192).split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value) return value.slice(0, 2_000);
  }
  return null;
}
