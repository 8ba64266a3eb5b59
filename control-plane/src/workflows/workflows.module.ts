/** Nest's view of workflows. */
import type { DynamicModule } from '@nestjs/common';
import { WorkflowsController } from './workflows.controller.ts';
import { WorkflowsService } from './workflows.service.ts';

export function workflowsModule(workflows: WorkflowsService): DynamicModule {
  return {
    module: class WorkflowsModule {},
    controllers: [WorkflowsController],
    providers: [{ provide: WorkflowsService, useValue: workflows }],
  };
}
