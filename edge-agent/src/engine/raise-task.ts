/** `raise`: an error of the document's own, inline or from `use.errors`. */
import type { RaiseTask } from '@casare/shared/workflow';
import { bounded, fault, WorkflowFault } from './errors.ts';
import { definitionOf } from './evaluate.ts';
import type { TaskHandler } from './frame.ts';

export const runRaise: TaskHandler<RaiseTask> = async (task, frame) => {
  const { error } = task.raise;
  const definition = typeof error === 'string' ? frame.run.options.document.use?.errors?.[error] : error;
  if (definition === undefined) {
    throw fault('configuration', {
      code: 'ERROR_UNKNOWN',
      title: `The document has no error named ${String(error)}`,
    });
  }
  const evaluator = definitionOf(frame);
  const text = async (value: string) => {
    const result = await evaluator.template(value);
    return typeof result === 'string' ? result : JSON.stringify(result);
  };
  const { type, status, title, detail } = definition;
  throw new WorkflowFault(
    bounded({
      type: await text(type),
      status: typeof status === 'number' ? status : Number(await evaluator.expression(status)),
      ...(title === undefined ? {} : { title: await text(title) }),
      ...(detail === undefined ? {} : { detail: await text(detail) }),
      instance: frame.path,
    }),
  );
};
