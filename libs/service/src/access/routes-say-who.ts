import { Injectable, type OnModuleInit, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { SafeMessageError } from '#messaging';
import { ACCESS, type Access } from './roles.js';

/** A route does not say who may call it. Found at start, so that it can never be found by an attacker. */
export class OpenRoute extends SafeMessageError {}

/** Refuses to start while any route handler has neither @Roles nor @Public: deny by default, by construction. */
@Injectable()
export class RoutesSayWho implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    const open = this.discovery.getControllers().flatMap((wrapper) => this.openRoutes(wrapper.metatype));
    if (open.length > 0) throw new OpenRoute(`These routes have neither @Roles nor @Public: ${open.join(', ')}.`);
  }

  private openRoutes(controller: Function | null | undefined): string[] {
    if (!controller) return [];
    const prototype = controller.prototype as Record<string, unknown>;
    return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler = prototype[name] as () => unknown;
      const path = this.reflector.get<string | undefined>(PATH_METADATA, handler);
      const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [handler, controller]);
      if (path === undefined || access === 'public' || (access && access.length > 0)) return [];
      return [
        `${RequestMethod[this.reflector.get<number>(METHOD_METADATA, handler)]} ${path} (${controller.name}.${name})`,
      ];
    });
  }
}
