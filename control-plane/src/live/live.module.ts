/** Nest's view of live events. */
import type { DynamicModule } from '@nestjs/common';
import { LiveController } from './live.controller.ts';
import { LiveService } from './live.service.ts';

export function liveModule(live: LiveService): DynamicModule {
  return {
    module: class LiveModule {},
    controllers: [LiveController],
    providers: [{ provide: LiveService, useValue: live }],
  };
}
