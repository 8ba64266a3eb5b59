/**
 * `for`: the tasks once for each item, each round's output the next one's input. `while` is asked before each round,
 * over the data as the last round left it. Without a round, the output is the input. A barrier of a round covers later ones:
 * rounds come in their order, also after a restart.
 */
import type { ForTask, Json } from '@casare/shared/workflow';
import { fault } from './errors.ts';
import { definitionOf } from './evaluate.ts';
import type { Frame, TaskHandler } from './frame.ts';

export const runFor: TaskHandler<ForTask> = async (task, frame) => {
  const items = await itemsOf(task, frame);
  const { each = 'item', at = 'index' } = task.for;
  let output = frame.input;
  let { covered } = frame;
  for (const [index, item] of items.entries()) {
    const variables = { ...frame.variables, [each]: item, [at]: index };
    const round: Frame = { ...frame, variables, covered };
    if (task.while !== undefined && !(await definitionOf({ ...round, input: output }).condition(task.while))) break;
    const place = { path: `${frame.path}/do`, position: `${frame.position}[${index}]/do` };
    const result = await frame.run.tasks.list(task.do, place, output, round);
    output = result.output;
    covered ||= result.barrier === true;
    if (result.ended) return result;
  }
  return { output };
};

async function itemsOf(task: ForTask, frame: Frame): Promise<readonly Json[]> {
  const evaluator = definitionOf(frame);
  const items = Array.isArray(task.for.in)
    ? await evaluator.template(task.for.in)
    : await evaluator.expression(task.for.in);
  if (Array.isArray(items)) return items as readonly Json[];
  throw fault('expression', {
    code: 'FOR_NEEDS_AN_ARRAY',
    title: '`for.in` must yield an array',
    detail: `It yielded ${items === null ? 'null' : `a value of type ${typeof items}`}.`,
  });
}
