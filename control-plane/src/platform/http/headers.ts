/** Headers of every response: nothing may frame us, guess types, leak addresses or load from elsewhere. */
import type { NextFunction, Request, Response } from 'express';
import { requestIdOf } from './request-state.ts';

const HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
} as const;

/** Sets the security headers and `X-Request-Id`; with `https`, HSTS too. */
export function securityHeaders(options: { readonly https: boolean }) {
  const headers = options.https ? { ...HEADERS, 'Strict-Transport-Security': 'max-age=31536000' } : HEADERS;
  return (request: Request, response: Response, next: NextFunction): void => {
    response.set(headers);
    response.set('X-Request-Id', requestIdOf(request));
    next();
  };
}
