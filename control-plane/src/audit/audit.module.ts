/** Nest's view of the audit log. */
import type { DynamicModule } from '@nestjs/common';
import { AuditController } from './audit.controller.ts';
import { AuditService } from './audit.service.ts';

export function auditModule(audit: AuditService): DynamicModule {
  return {
    module: class AuditModule {},
    controllers: [AuditController],
    providers: [{ provide: AuditService, useValue: audit }],
  };
}
