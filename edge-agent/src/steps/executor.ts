/** How an executor that needs no session is made of its declaration and what it does. */
import type { z } from 'zod';
import type { StepDeclaration } from '@casare/shared/workflow';
import type { Step, StepContext } from '../engine/index.ts';

/** `act` gets the arguments as the declaration parses them; what it answers is checked against the declared output. */
export function executor<With extends z.ZodType, Output extends z.ZodType>(
  declaration: StepDeclaration<With, Output>,
  act: (args: z.output<With>, context: StepContext) => Promise<z.output<Output>>,
  about: Pick<Step, 'asksWhereSecretsGo'> = {},
): Step {
  return {
    declaration,
    ...about,
    // The engine has parsed them already and reported what was wrong; this gives them their type.
    run: (given, context) => act(declaration.with.parse(given), context),
  };
}
