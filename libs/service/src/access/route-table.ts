import { Inject, Injectable, type OnModuleInit, RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type Access, type Routes } from '#contracts';
import { SafeMessageError } from '#messaging';

/** Injection token: the lines of the table for this service. */
export const ROUTE_TABLE = Symbol('route table');

/** A route is not in the table. Found at start, so that it can never be found by an attacker. */
export class UnlistedRoute extends SafeMessageError {}

/**
 * Who may call which handler: the service's lines of `ROUTES` in libs/contracts. Deny by default, by construction: with a
 * route that is not listed the service refuses to start.
 */
@Injectable()
export class RouteTable implements OnModuleInit {
  /** By controller first: handlers inherited from one class are the same function at several addresses. */
  private readonly routes = new WeakMap<Type, Map<Function, string>>();

  constructor(
    @Inject(ROUTE_TABLE) private readonly table: Routes,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onModuleInit(): void {
    const unlisted = this.all().filter(({ route }) => !Object.hasOwn(this.table, route));
    if (unlisted.length === 0) return;
    const names = unlisted.map(({ route, controller, name }) => `${route} (${controller.name}.${name})`);
    throw new UnlistedRoute(
      `These routes are not in the table of routes, so nobody may call them: ${names.join(', ')}.`,
    );
  }

  /** `METHOD /path` of a handler, as in the table. */
  routeOf(controller: Type, handler: Function): string {
    const known = this.routes.get(controller) ?? new Map<Function, string>();
    this.routes.set(controller, known);
    const route = known.get(handler) ?? routeOf(controller, handler);
    known.set(handler, route);
    return route;
  }

  /** Undefined for what is not listed. */
  accessTo(route: string): Access | undefined {
    return Object.hasOwn(this.table, route) ? this.table[route] : undefined;
  }

  /** Every handler of every controller. */
  all(): Handled[] {
    return this.discovery
      .getControllers()
      .flatMap(({ metatype }) => (metatype ? handlersOfController(metatype as Type, this.scanner) : []));
  }
}

/** A method of a controller that answers a route. */
export interface Handled {
  readonly route: string;
  readonly controller: Type;
  readonly name: string;
}

export function handlersOfController(controller: Type, scanner: MetadataScanner): Handled[] {
  const prototype = controller.prototype as Record<string, Function>;
  return scanner
    .getAllMethodNames(prototype)
    .filter((name) => Reflect.hasMetadata(PATH_METADATA, prototype[name]!))
    .map((name) => ({ route: routeOf(controller, prototype[name]!), controller, name }));
}

function routeOf(controller: Type, handler: Function): string {
  const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as number];
  const parts = [Reflect.getMetadata(PATH_METADATA, controller), Reflect.getMetadata(PATH_METADATA, handler)];
  const path = parts.flatMap((part) => String(part).split('/')).filter((part) => part !== '');
  return `${method} /${path.join('/')}`;
}
