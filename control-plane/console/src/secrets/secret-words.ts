/** What is known of a secret, as people say it. Pure. */
import type { Secret } from '@casare/shared/api';

export const MODE_WORDS: Readonly<Record<Secret['mode'], { readonly name: string; readonly means: string }>> = {
  server: { name: 'Server', means: 'Kept encrypted; the control plane opens it when a job uses it.' },
  sealed: { name: 'Sealed', means: 'Only the agents that it is sealed to can open it.' },
};

/** `every step`, or which ones. */
export function stepsWords({ allowedSteps }: Pick<Secret, 'allowedSteps'>): string {
  return listWords(allowedSteps, 'every step', 'no step');
}

/** `everywhere`, or to which origins. */
export function originsWords({ allowedOrigins }: Pick<Secret, 'allowedOrigins'>): string {
  return listWords(allowedOrigins, 'everywhere', 'nowhere');
}

/** What of a secret is another in `now` than in `before`. */
export function changesBetween(before: Secret, now: Secret): string[] {
  return [
    ...(now.version === before.version ? [] : [`version ${now.version}`]),
    ...(stepsWords(now) === stepsWords(before) ? [] : ['steps']),
    ...(originsWords(now) === originsWords(before) ? [] : ['origins']),
    ...(now.description === before.description ? [] : ['description']),
    ...(now.rotateAfterDays === before.rotateAfterDays ? [] : ['reminder']),
  ];
}

function listWords(rule: readonly string[] | null, without: string, empty: string): string {
  if (rule === null) return without;
  return rule.length === 0 ? empty : rule.join(', ');
}
