"""asyncio: a server and clients on a unix socket, timers, an executor, a subprocess."""
import asyncio


async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def client(number):
    reader, writer = await asyncio.open_unix_connection("socket")
    answers = []
    for turn in range(5):
        writer.write(f"client {number} turn {turn}\n".encode())
        await asyncio.sleep(0.001 * number)
        answers.append((await reader.readline()).decode().strip())
    writer.close()
    return answers[-1]


async def main():
    server = await asyncio.start_unix_server(serve, "socket")
    print(await asyncio.gather(*(client(number) for number in range(4))))
    loop = asyncio.get_running_loop()
    print(await loop.run_in_executor(None, sum, range(100)))
    child = await asyncio.create_subprocess_exec("echo", "child", stdout=asyncio.subprocess.PIPE)
    print((await child.communicate())[0])
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.05)
    except asyncio.TimeoutError:
        print("late")
    server.close()
    await server.wait_closed()


asyncio.run(main())
