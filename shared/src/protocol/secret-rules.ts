/**
 * What a secret may be used for: which steps may be given it, and to which origins it may go. The agent keeps to it before
 * a value is used; whoever stores a secret says it. Runs in browser and Node.
 */
import { z } from 'zod';

/** Ports that are left out where they are the scheme's own. What has no origin a secret can be bound to is not here. */
const PORTS = {
  ...{ http: 80, https: 443, smtp: 25, smtps: 465, imap: 143, imaps: 993 },
  ...{ postgres: 5_432, mysql: 3_306 },
} as const;
const HOST = /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$|^\[[0-9a-f:.]+\]$/;

/** A name by which workflows and people call a secret. */
export const SecretName = z
  .string()
  .max(100)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]*$/,
    'is no name: letters, digits, `_`, `.` and `-`, the first one a letter or digit',
  );

/** A step such as `browser.fill` or `http`, or all of a family: `browser.*`. */
export const SecretStep = z
  .string()
  .max(200)
  .regex(/^[a-zA-Z][\w-]*(\.[\w-]+)*(\.\*)?$/, 'is no step such as `browser.fill`, nor `browser.*`');

/** An origin, as `originText` writes it: `https://portal.example.com`, `https://*.example.com`, `smtp://mail.example.com:587`. */
export const SecretOrigin = z
  .string()
  .max(300)
  .transform((text, context) => {
    const origin = /^[a-z]+:\/\/[^/?#@]+\/?$/i.test(text) ? originOf(text) : null;
    if (origin !== null) return originText(origin);
    const why = 'is no origin such as https://portal.example.com, https://*.example.com or smtp://mail.example.com:587';
    context.addIssue({ code: 'custom', message: why });
    return z.NEVER;
  });

/** A list that is absent sets no rule; one that is empty allows nothing. */
export const SecretRules = z.object({
  steps: z.array(SecretStep).max(50).optional(),
  origins: z.array(SecretOrigin).max(50).optional(),
});
export type SecretRules = z.infer<typeof SecretRules>;

/** Rules by the name of the secret; one without rules need not be there. */
export const SecretRulesByName = z.record(z.string().max(100), SecretRules);
export type SecretRulesByName = z.infer<typeof SecretRulesByName>;

/** Scheme, host and port of an address; the host may begin with `*.` in a rule. */
interface Origin {
  readonly scheme: keyof typeof PORTS;
  readonly host: string;
  readonly port: number;
}

/** The origin of an address; null where it has none that a secret could be bound to. */
export function originOf(address: string): Origin | null {
  if (address.length > 65_536 || !URL.canParse(address)) return null;
  const url = new URL(address);
  const scheme = url.protocol.slice(0, -1);
  if (!Object.hasOwn(PORTS, scheme)) return null;
  const known = scheme as keyof typeof PORTS;
  // The parser makes hosts canonical for the web's schemes only: others are read as if they were of the web.
  const text = `http://${url.hostname}/`;
  if (url.hostname === '' || !URL.canParse(text)) return null;
  // Chromium writes the asterisk of a rule as `%2A`, Node leaves it.
  const host = new URL(text).hostname.replace(/\.$/, '').replace(/^%2a\./i, '*.');
  const port = url.port === '' ? PORTS[known] : Number(url.port);
  return HOST.test(host) ? { scheme: known, host, port } : null;
}

/** As it is kept, shown and compared. */
export function originText({ scheme, host, port }: Origin): string {
  return `${scheme}://${host}${port === PORTS[scheme] ? '' : `:${port}`}`;
}

/** True when a secret of these rules may go to this address. */
export function mayGoTo(rules: SecretRules, address: string): boolean {
  if (rules.origins === undefined) return true;
  const to = originOf(address);
  if (to === null || to.host.startsWith('*.')) return false;
  return rules.origins.some((text) => {
    const allowed = originOf(text);
    return (
      allowed !== null && allowed.scheme === to.scheme && allowed.port === to.port && hostIn(allowed.host, to.host)
    );
  });
}

/** True when a secret of these rules may be given to the step of this name. */
export function mayBeGivenTo(rules: SecretRules, step: string): boolean {
  return rules.steps?.some((pattern) => stepIn(pattern, step)) ?? true;
}

/** True when `inner` allows nothing that `outer` does not. */
export function rulesWithin(inner: SecretRules, outer: SecretRules): boolean {
  const steps = outer.steps === undefined || inner.steps?.every((step) => mayBeGivenTo(outer, step)) === true;
  const origins = outer.origins === undefined || inner.origins?.every((origin) => originIn(outer.origins!, origin));
  return steps && origins === true;
}

function originIn(outer: readonly string[], inner: string): boolean {
  return outer.some((text) => {
    const [one, other] = [originOf(text), originOf(inner)];
    if (one === null || other === null || one.scheme !== other.scheme || one.port !== other.port) return false;
    // Some name below a wider one stands for all of them; a single name is no more than itself.
    return one.host === other.host || (one.host.startsWith('*.') && hostIn(one.host, other.host.replace(/^\*/, 'x')));
  });
}

function stepIn(pattern: string, step: string): boolean {
  return pattern === step || (pattern.endsWith('.*') && step.startsWith(pattern.slice(0, -1)));
}

function hostIn(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host;
  return host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1;
}
