import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type HttpOptions, http } from '../../../src/backends/http.ts'
import type { Handlers } from '../../../src/handlers.ts'
import { PASSWORD } from '../../backends/contract.ts'
import { Service } from '../../backends/http-service.ts'
import { freePorts } from '../../e2e/support/ports.ts'
import { Gate } from '../../helpers/gate.ts'
import {
  makeAuthority,
  makeCertificateFrom,
  type Nginx,
  startNginx,
  writeBelow,
  writeUsers,
} from './nginx.ts'

/** The ports of nginx: without TLS, with it, with a certificate that is not right; and that of the service. */
export const [plain, tls, wrongHost, wrongAuthority, upstream] = (await freePorts(5)) as [
  number,
  number,
  number,
  number,
  number,
]
/** What nginx wants below `/guarded/`. */
export const CREDENTIALS = { username: 'ejabberd', password: 's3cret:wörd' }

const LOCATIONS = `
  root www;
  proxy_set_header X-Connection $connection;
  location / { proxy_pass http://127.0.0.1:${upstream}; }
  location /guarded/ {
    auth_basic service;
    auth_basic_user_file services;
    proxy_pass http://127.0.0.1:${upstream}/;
  }
  location /private/ { auth_basic users; auth_basic_user_file users; }
  location /forbidden/ { deny all; }
  location /moved/ { return 307 http://127.0.0.1:${upstream}/form/check_password?$args; }
  location /away/ { return 503; }
  location /reset/ { return 444; }
  location /missing/ { }
  location /small/ { client_max_body_size 100; proxy_pass http://127.0.0.1:${upstream}/form/; }
  location /hasty/ { proxy_read_timeout 100ms; proxy_pass http://127.0.0.1:${upstream}/form/; }
  location /brief/ { keepalive_requests 3; proxy_pass http://127.0.0.1:${upstream}/form/; }
`
const secureServer = (port: number, name: string) => `server {
  listen 127.0.0.1:${port} ssl;
  ssl_certificate ${name}.pem;
  ssl_certificate_key ${name}.key;
  ${LOCATIONS}
}`

/** An nginx that leads to a service in many ways, and the certificate of the authority of its certificate. */
export interface Front {
  readonly nginx: Nginx
  readonly ca: string
}

/** Starts one. */
export async function startFront(): Promise<Front> {
  let ca = ''
  const nginx = await startNginx({
    port: plain,
    servers: [
      `server { listen 127.0.0.1:${plain}; ${LOCATIONS} }`,
      secureServer(tls, 'right'),
      secureServer(wrongHost, 'elsewhere'),
      secureServer(wrongAuthority, 'stranger'),
    ].join('\n'),
    prepare(folder) {
      ca = makeAuthority(folder, 'ours')
      makeAuthority(folder, 'theirs')
      makeCertificateFrom(folder, 'ours', 'right', 'IP:127.0.0.1')
      makeCertificateFrom(folder, 'ours', 'elsewhere', 'DNS:elsewhere.example')
      makeCertificateFrom(folder, 'theirs', 'stranger', 'IP:127.0.0.1')
      writeUsers(join(folder, 'services'), { [CREDENTIALS.username]: CREDENTIALS.password })
      writeUsers(join(folder, 'users'), { alice: PASSWORD })
      writeBelow(folder, 'www/private/index.html', 'Welcome')
    },
  })
  return { nginx, ca }
}

/** Where nginx is. */
export const ORIGIN = `http://127.0.0.1:${plain}`

/** Where it is with TLS. */
export const SECURE = `https://127.0.0.1:${tls}`

/** A service behind nginx, with a gate between the two. */
export async function startService(t: TestContext) {
  const service = await new Service().start()
  const gate = new Gate(service.port)
  gate.port = upstream
  await gate.open()
  t.after(async () => {
    await gate.shut()
    await service.stop()
  })
  return { service, gate }
}

/** Handlers for the length of a test. */
export function connect(t: TestContext, options: HttpOptions): Required<Handlers> {
  const handlers = http({ patience: 0, ...options })
  t.after(() => handlers.close?.())
  return handlers as Required<Handlers>
}
