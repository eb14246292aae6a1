// The bridge between Askew and Minecraft: a server and its players ("bots") in one process.
//
//   node bridge.mjs FOLDER        FOLDER has node_modules with flying-squid and mineflayer
//
// It reads requests and writes replies, each a line of JSON. A request has an id and a verb, `do`; its reply has the same
// id, and `ok` or `error`. Between them come events: a bot left the server. Cells are blocks of the ground; `x` and `y`
// of a cell are Minecraft's x and z, less the corner of the island.
//
//   start   {size, version, most}            opens the server on a free port of 127.0.0.1      {port, version}
//   spawn   {bots: [[name, x, y]]}           lets bots join, and puts each on a cell           {at}
//   walk    {bots: [[bot, x, y]], seconds}   lets bots walk to cells, at the same time         {at}
//   see     {}                               which bots each bot's client shows, and where     {sees: [[bot, bot, x, y]]}
//   say     {lines: [[bot, text]], seconds}  lets bots chat, and waits for what arrives        {heard: [[line, bot]]}
//   dig     {bots: [[bot, block]], seconds}  a block grows over each head, and the bot digs it {dug: [bot]}
//   give    {pairs: [[bot, bot]]}            lets bots look at another bot and swing an arm    {}
//   leave   {bots: [bot]}                    lets bots leave                                   {}
//
// flying-squid takes each line of its standard input for a command of the server's owner, and prints to standard output.
// So both are taken away before it is loaded. No command of anybody is carried out, and nobody else can join.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'

const requests = createInterface({ input: process.stdin })
const write = process.stdout.write.bind(process.stdout)
Object.defineProperty(process, 'stdin', { value: new PassThrough() })
Object.defineProperty(process, 'stdout', { value: process.stderr })
console.log = console.info = console.debug = console.error
globalThis.isMocha = true // flying-squid then leaves uncaught errors to us, instead of ending in silence

const load = createRequire(join(process.argv[2], 'package.json'))
const { createMCServer } = load('flying-squid')
const { createBot } = load('mineflayer')
const { Vec3 } = load('vec3')

const HOST = '127.0.0.1'
const APART = 60 // milliseconds between two bots that join
const JOIN_WITHIN = 60_000
const ABOVE = 2 // the block over a bot's head

const send = (message) => write(JSON.stringify(message) + '\n')
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

let server, version
let size = 0
const corner = { x: 0, z: 0 }
const bots = [] // by number: { name, player (mineflayer's bot), here }
const sockets = new Set() // the local ports of our bots

// Return a promise that is false if it is not kept in time.
const within = (promise, seconds) => Promise.race([promise, wait(1000 * seconds).then(() => false)])

const here = (number) => bots[number]?.here
const cell = (position) => [Math.floor(position.x) - corner.x, Math.floor(position.z) - corner.z]
const centre = (x, y, height) => new Vec3(x + corner.x + 0.5, height, y + corner.z + 0.5)
const at = () => bots.map((one) => (one.here ? cell(one.player.entity.position) : null))

function gone (number, reason) {
  const one = bots[number]
  if (one.here === false) return
  one.here = false
  send({ event: 'left', bot: number, reason: words(reason) })
}

// Return a reason as text: a server gives a string, or a chat component as JSON.
function words (reason) {
  try {
    const given = typeof reason === 'string' ? JSON.parse(reason) : reason
    return String(given?.text || given?.translate || JSON.stringify(given) || '')
  } catch {
    return String(reason)
  }
}

async function start (request) {
  ({ size, version } = request)
  server = createMCServer({
    host: HOST,
    port: 0,
    version,
    'online-mode': false,
    'everybody-op': false,
    'max-players': request.most,
    'view-distance': Math.ceil(size / 16) + 1,
    'max-entities': request.most + 100,
    motd: 'Askew',
    logging: false,
    noConsoleOutput: true,
    kickTimeout: 30_000,
    gameMode: 1,
    difficulty: 0,
    generation: { name: 'superflat', options: { worldHeight: 80 } },
    plugins: {},
    'player-list-text': { header: { text: '' }, footer: { text: '' } }
  })
  server.handleCommand = async () => {}
  server.on('newPlayer', (player) => {
    player.handleCommand = async () => {}
    if (sockets.has(player._client.socket.remotePort)) return
    player.login = async () => {}
    player._client.end('closed')
  })
  if (!(await server.waitForReady(30_000))) throw new Error('the server did not start in 30 seconds')
  return { port: server.listeningPort, version }
}

async function spawn (request) {
  const joined = []
  for (const [number, [name]] of request.bots.entries()) {
    joined.push(joinAs(number, name))
    await wait(APART)
  }
  await Promise.all(joined)
  const first = bots.find((one) => one.here)
  if (!first) throw new Error('no bot could join')
  const middle = first.player.entity.position.floored()
  corner.x = middle.x - Math.floor(size / 2)
  corner.z = middle.z - Math.floor(size / 2)
  const away = () => request.bots.map(([, x, y], number) => [number, x, y])
    .filter(([number, x, y]) => here(number) && !near(at()[number], x, y))
  for (let tries = 0; tries < 50 && (away().length || !allSeen()); tries++) {
    showEverybody()
    for (const [number, x, y] of away()) await put(bots[number].name, centre(x, y, middle.y))
    await wait(200)
  }
  return { at: at() }
}

// Put a player on a cell. When it has just joined, the server once puts it back to where it joined, so this is repeated.
async function put (name, position) {
  const player = server.players.find((one) => one.username === name)
  if (!player) return
  await player.teleport(position)
  player.sendSelfPosition(position)
}

// Show all players to each other. flying-squid sends the list of names to all but the one who joins, and a client drops
// players without a name.
function showEverybody () {
  for (const one of server.players.slice(0, 2)) server._sendPlayerList(one)
  for (const one of server.players) {
    for (const other of server.players) if (one !== other) one.spawnEntity(other)
  }
}

function allSeen () {
  const present = bots.filter((one) => one.here).length
  return seen().length >= present * (present - 1)
}

const near = (position, x, y) => Math.abs(position[0] - x) <= 1 && Math.abs(position[1] - y) <= 1

function joinAs (number, name) {
  const player = createBot({
    host: HOST,
    port: server.listeningPort,
    username: name,
    auth: 'offline',
    version,
    viewDistance: 'far',
    hideErrors: true,
    checkTimeoutInterval: 60_000
  })
  player._client.once('connect', () => sockets.add(player._client.socket.localPort))
  bots[number] = { name, player, here: undefined, heard: [] }
  player.on('kicked', (reason) => gone(number, reason))
  player.on('error', (error) => gone(number, `${error}`))
  player.on('end', (reason) => gone(number, reason))
  player.on('messagestr', (text) => bots[number].heard.push(text))
  return new Promise((resolve) => {
    const late = setTimeout(() => { gone(number, 'did not join in time'); player.end(); resolve() }, JOIN_WITHIN)
    const done = () => { clearTimeout(late); resolve() }
    player.once('spawn', () => { bots[number].here ??= true; done() })
    player.once('end', done)
  })
}

async function walk (request) {
  await Promise.all(request.bots.filter(([number]) => here(number)).map(([number, x, y]) =>
    walkTo(bots[number].player, centre(x, y, 0), request.seconds)))
  await wait(100) // until the others' clients show the last steps
  return { at: at() }
}

function walkTo (player, target, seconds) {
  return new Promise((resolve) => {
    const steer = () => {
      const x = target.x - player.entity.position.x
      const z = target.z - player.entity.position.z
      const left = Math.hypot(x, z)
      if (left < 0.35) return stop()
      player.look(Math.atan2(-x, -z), 0, true)
      player.setControlState('forward', true)
      player.setControlState('sprint', left > 2)
    }
    const stop = () => {
      clearTimeout(late)
      player.removeListener('physicsTick', steer)
      player.removeListener('end', stop)
      player.clearControlStates()
      resolve()
    }
    const late = setTimeout(stop, 1000 * seconds)
    player.on('physicsTick', steer)
    player.once('end', stop)
  })
}

// Return, for each bot, the others that its client shows, and the cells where it shows them.
function seen () {
  const numbers = new Map(bots.map((one, number) => [one.player._client.uuid, number]))
  return bots.flatMap((one, number) => one.here
    ? Object.values(one.player.entities)
      .map((entity) => [number, numbers.get(entity.uuid), ...cell(entity.position)])
      .filter(([, other]) => other !== undefined && other !== number)
    : [])
}

async function see () {
  return { sees: seen() }
}

async function say (request) {
  for (const one of bots) one.heard = []
  const lines = request.lines.filter(([number]) => here(number))
  for (const [number, text] of lines) bots[number].player.chat(text)
  const listening = () => bots.filter((one) => one.here).length
  const arrived = () => request.lines.flatMap(([number, text], line) => {
    const wanted = `<${bots[number].name}> ${text}`
    return bots.flatMap((one, bot) => (one.here && bot !== number && one.heard.includes(wanted) ? [[line, bot]] : []))
  })
  for (let waited = 0; waited < request.seconds && arrived().length < lines.length * (listening() - 1); waited += 0.05) {
    await wait(50)
  }
  return { heard: arrived() }
}

async function dig (request) {
  const dug = await Promise.all(request.bots.map(async ([number, block]) => {
    if (!here(number)) return false
    return (await within(digOver(bots[number].player, block), request.seconds)) && number
  }))
  return { dug: dug.filter((number) => number !== false) }
}

async function digOver (player, block) {
  const place = player.entity.position.floored().offset(0, ABOVE, 0)
  const { defaultState } = player.registry.blocksByName[block]
  await server.setBlock(server.overworld, place, defaultState)
  for (let tries = 0; tries < 40 && player.blockAt(place)?.name !== block; tries++) await wait(25)
  try {
    await player.dig(player.blockAt(place), true)
  } catch {
    return false
  }
  for (let tries = 0; tries < 40; tries++) {
    if ((await server.overworld.getBlock(place)).name === 'air') return true
    await wait(25)
  }
  return false
}

async function give (request) {
  for (const [number, other] of request.pairs) {
    if (!here(number) || !here(other)) continue
    await bots[number].player.lookAt(bots[other].player.entity.position.offset(0, 1.6, 0), true)
    bots[number].player.swingArm('right')
  }
  return {}
}

async function leave (request) {
  for (const number of request.bots) {
    if (!here(number)) continue
    bots[number].here = false
    bots[number].player.quit()
  }
  return {}
}

const verbs = { start, spawn, walk, see, say, dig, give, leave }

async function answer (line) {
  const request = JSON.parse(line)
  try {
    send({ id: request.id, ok: await verbs[request.do](request) })
  } catch (error) {
    send({ id: request.id, error: `${error?.message ?? error}` })
  }
}

let last = Promise.resolve()
requests.on('line', (line) => { last = last.then(() => answer(line)) })
requests.on('close', () => process.exit(0))
process.on('uncaughtException', (error) => { console.error(error?.stack ?? error); process.exit(1) })
process.on('unhandledRejection', (error) => { console.error(error?.stack ?? error); process.exit(1) })
