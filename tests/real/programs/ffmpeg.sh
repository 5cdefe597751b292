# ffmpeg -threads 4 on a clip that it generates itself.
packages="ffmpeg"
run() { ffmpeg -v error -nostdin -y -threads 4 -f lavfi -i testsrc=duration=1:size=160x120:rate=10 -c:v mpeg4 -threads 4 -f avi -fflags +bitexact -flags:v +bitexact out.avi && md5sum < out.avi; }
