/** Workflows over HTTP: rows become the shared view here. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import type { Page } from '../platform/paging.ts';
import { isRefusal } from '../platform/refusal.ts';
import { versionView } from './workflow-view.ts';
import { WorkflowsService } from './workflows.service.ts';
import type { ListedVersion } from './workflow.store.ts';

@Controller()
export class WorkflowsController {
  readonly #workflows: WorkflowsService;

  constructor(@Inject(WorkflowsService) workflows: WorkflowsService) {
    this.#workflows = workflows;
  }

  @Handles(api.workflows.push)
  async push({ caller, body }: Call<typeof api.workflows.push>) {
    const saved = await this.#workflows.push(caller, textOf(body));
    return isRefusal(saved) ? saved : versionView(saved);
  }

  @Handles(api.workflows.validate)
  async validate({ caller, body }: Call<typeof api.workflows.validate>) {
    const { problems, saved } = await this.#workflows.check(caller.tenant, textOf(body));
    return { valid: saved !== null, problems: [...problems], warnings: [...(saved?.warnings ?? [])] };
  }

  @Handles(api.workflows.list)
  async list({ caller, query }: Call<typeof api.workflows.list>) {
    const page = await this.#workflows.list(caller.tenant, query);
    return isRefusal(page) ? page : pageView(page);
  }

  @Handles(api.workflows.get)
  async get({ caller, params }: Call<typeof api.workflows.get>) {
    const row = await this.#workflows.get(caller.tenant, params.id);
    if (isRefusal(row)) return row;
    const source = await this.#workflows.sourceOf(caller.tenant, row.id);
    return { ...versionView(row), source, document: row.document as never, signature: row.signature };
  }

  @Handles(api.workflows.sign)
  async sign({ caller, params, body }: Call<typeof api.workflows.sign>) {
    const row = await this.#workflows.sign(caller, params.id, body);
    return isRefusal(row) ? row : versionView(row);
  }

  @Handles(api.workflows.versions)
  async versions({ caller, params, query }: Call<typeof api.workflows.versions>) {
    const page = await this.#workflows.versions(caller.tenant, params.id, query);
    return isRefusal(page) ? page : pageView(page);
  }
}

/** An object came as JSON; the same checks with the same lines work on its text. */
function textOf(body: string | Record<string, unknown>): string {
  return typeof body === 'string' ? body : JSON.stringify(body, null, 2);
}

function pageView(page: Page<ListedVersion>) {
  return { items: page.items.map(versionView), nextCursor: page.nextCursor };
}
