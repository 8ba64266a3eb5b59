/** What the form of an identity provider asks for. Pure. */
import { ProviderChange, ProviderRequest, type Provider } from '@casare/shared/api';
import { FieldFault } from '../ui/form-faults.ts';
import { textOf } from '../ui/use-form.ts';

/** Which field a refusal is about. */
export const CODES: Readonly<Record<string, string>> = {
  PROVIDER_EXISTS: 'issuer',
  PROVIDER_UNUSABLE: 'issuer',
  OUTBOUND_REFUSED: 'issuer',
  OUTBOUND_FAILED: 'issuer',
  OUTBOUND_TIMEOUT: 'issuer',
};

/** @throws ZodError; FieldFault where a line is no rule. */
export function requestOf(fields: FormData, kind: Provider['kind']): ProviderRequest {
  const settings = { kind, ...settingsOf(fields), issuer: textOf(fields, 'issuer') };
  if (kind === 'oidc') {
    const [clientId, clientSecret] = [textOf(fields, 'clientId'), textOf(fields, 'clientSecret')];
    return ProviderRequest.parse({ ...settings, clientId, clientSecret, scopes: textOf(fields, 'scopes') });
  }
  const keysUrl = textOf(fields, 'keysUrl');
  return ProviderRequest.parse({
    ...settings,
    audience: textOf(fields, 'audience'),
    ...(keysUrl !== '' && { keysUrl }),
  });
}

/** An empty secret stays what it is. @throws ZodError; FieldFault where a line is no rule. */
export function changeOf(fields: FormData): ProviderChange {
  const clientSecret = textOf(fields, 'clientSecret');
  return ProviderChange.parse({ ...settingsOf(fields), ...(clientSecret !== '' && { clientSecret }) });
}

/** One a line, as the field holds them. */
export function roleLines(roles: Provider['roles']): string {
  return roles.map(({ group, role }) => `${group} = ${role}`).join('\n');
}

function settingsOf(fields: FormData): object {
  return {
    name: textOf(fields, 'name'),
    groupsClaim: textOf(fields, 'groupsClaim'),
    roles: rolesOf(textOf(fields, 'roles')),
    linkByEmail: fields.has('linkByEmail'),
    trustEmail: fields.has('trustEmail'),
  };
}

function rolesOf(text: string): object[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    // A group may have `=` in its name.
    const at = line.lastIndexOf('=');
    if (at < 1) throw new FieldFault('roles', `“${line.trim()}” is not group = role.`);
    return { group: line.slice(0, at).trim(), role: line.slice(at + 1).trim() };
  });
}
