import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RunproofError } from '../../model/error.ts'
import type { Effective } from '../view.ts'
import { whatClientGets } from './client-gets.ts'
import { effectiveOf } from './testdata/read.ts'
import { whatUpstreamGets } from './upstream-gets.ts'

const NAMES =
  `server server location location location if if map upstream limit_except http listen server_name rewrite set
  return break try_files error_page proxy_pass grpc_pass fastcgi_pass root alias allow deny internal add_header
  proxy_set_header proxy_http_version proxy_cache proxy_method ssl merge_slashes default volatile hostnames include
  stub_status client_max_body_size send_timeout auth_basic recursive_error_pages constructor __proto__`.split(/\s+/)
const WORDS = `/ /a /a/ /b= ~ ~* = ^~ @n @m ~^/(?<x>a) ^/(.*)$ $1 $x $y \${x} $uri $args $http_a $cookie_a $arg_a $host
  http://u http://u/ http://$x unix:/s http://unix:/s:/b u [::]:80 80 443 ssl *:80 127.0.0.1:80 a.test *.test .test ~a
  last break redirect permanent 200 301 404 418 444 =200 =404 all GET POST ($x ( ) = 1) != -f !-f a) on off 1m 5s
  (?!a ++ %2f ? constructor __proto__ toString hasOwnProperty`.split(/\s+/)

const quoted = (word: string) => (/^[\w/@$=.:*~-]+$/.test(word) ? word : `"${word}"`)
const args = fc.array(fc.constantFrom(...WORDS, '', 'ü').map(quoted), { maxLength: 4 }).map(words => words.join(' '))
const { block } = fc.letrec<{ block: string }>(tie => ({
  block: fc
    .array(fc.tuple(fc.constantFrom(...NAMES), args, fc.option(tie('block'), { maxDepth: 3, nil: undefined })), {
      maxLength: 8,
    })
    .map(directives =>
      directives
        .map(([name, args, inner]) => `${name} ${args}${inner === undefined ? ';' : ` { ${inner} }`}`)
        .join('\n'),
    ),
}))
const asked = fc.record({
  scheme: fc.constantFrom('http', 'https'),
  host: fc.constantFrom('a.test', 'b.a.test', '', 'a/b', '[::1]:80', 'A.TEST.:1'),
  path: fc.oneof(
    fc.webUrl().map(url => new URL(url).pathname),
    fc.string(),
    fc.constantFrom('/a/b', '/%2e%2e/', '/a?x=1'),
  ),
})

/** Everything that can be asked. */
function askAll(effective: Effective, request: Parameters<Effective['view']>[0]): void {
  for (const place of effective.places) {
    place.setting('proxy_buffering')
    place.listed('add_header')
  }
  const view = effective.view(request)
  view.fill('$x $y $1 $uri $proxy_host $document_root ${')
  whatUpstreamGets(view, ['a', '__proto__'])
  whatClientGets(view)
}

test('whatever is written and asked, there is a view or a typed error', () => {
  let views = 0
  fc.assert(
    fc.property(block, block, asked, (inServer, inHttp, request) => {
      const effective = effectiveOf(`http { ${inHttp}\nserver { listen 80; listen 443 ssl; ${inServer} } }`)
      try {
        askAll(effective, request as Parameters<Effective['view']>[0])
        views++
      } catch (thrown) {
        if (!(thrown instanceof RunproofError)) throw thrown
      }
    }),
    { numRuns: 1000 },
  )
  assert.ok(views > 600, `only ${views} views came about`)
})
