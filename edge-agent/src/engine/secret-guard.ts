/**
 * Keeps the secrets in a call's arguments to their rules: which step may be given them, and where that may take them. A rule
 * about addresses holds only with steps that say that they ask before a value is used; all others are refused.
 */
import { mayBeGivenTo, mayGoTo, originOf, originText, type SecretRulesByName } from '@casare/shared/protocol';
import { fault, StepFailure } from './errors.ts';
import type { Step } from './steps.ts';

/** Throws where a secret of the call may not go to this address. */
export type AddressCheck = (address: string) => void;

/**
 * What the step must ask before it takes the values anywhere; undefined when it may take them everywhere.
 * @param used names of the secrets that stand in the arguments
 * @throws {WorkflowFault} authorization error: the step may not have them
 */
export function guardSecrets(
  step: Pick<Step, 'declaration' | 'asksWhereSecretsGo'>,
  used: readonly string[],
  rules: SecretRulesByName = {},
): AddressCheck | undefined {
  const { name } = step.declaration;
  const ruled = used.flatMap((secret) => (Object.hasOwn(rules, secret) ? [{ secret, rules: rules[secret]! }] : []));
  for (const { secret, rules: own } of ruled) {
    if (!mayBeGivenTo(own, name)) {
      const detail = `${name} is none of the steps that it may be given to (${listed(own.steps)}). Whoever stores it says which.`;
      throw fault('authorization', {
        code: 'SECRET_STEP_REFUSED',
        title: `The secret ${secret} is not for this step`,
        detail,
      });
    }
  }
  const bound = ruled.filter(({ rules: own }) => own.origins !== undefined);
  const [first] = bound;
  if (first === undefined) return undefined;
  if (step.asksWhereSecretsGo !== true) {
    const detail = `It may only go to ${listed(first.rules.origins)}, and nobody can say where ${name} takes it.`;
    throw fault('authorization', {
      code: 'SECRET_ORIGIN_REFUSED',
      title: `The secret ${first.secret} is not for this step`,
      detail,
    });
  }
  return (address) => {
    const refused = bound.find(({ rules: own }) => !mayGoTo(own, address));
    if (refused !== undefined) throw notThere(refused.secret, refused.rules.origins, address);
  };
}

/** Names the origin alone: the rest of an address may hold secrets. */
function notThere(secret: string, origins: readonly string[] | undefined, address: string): StepFailure {
  const origin = originOf(address);
  const where = origin === null ? 'a place without an origin' : originText(origin);
  return new StepFailure({
    type: 'authorization',
    code: 'SECRET_ORIGIN_REFUSED',
    title: `The secret ${secret} may not be used there`,
    detail: `It would go to ${where}, and it may only go to ${listed(origins)}. Whoever stores it says where.`,
    certain: true,
  });
}

function listed(rules: readonly string[] | undefined): string {
  return rules === undefined || rules.length === 0 ? 'nothing' : rules.slice(0, 20).join(', ');
}
