# The only program of a lab guest: a numbered tick a second, proof that its disk keeps what it wrote, and, where the
# kernel's command line asks for it, memory that is held (virtfleet.touched, MiB) and written (virtfleet.writes, MiB/s),
# and a share of its CPU that is burnt (virtfleet.burns, 0 to 1).
# It switches the guest off when somebody presses its power button.
# It must not fork, nor read the disk through the page cache, nor stop on a bad read: it reports and goes on.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use Fcntl qw(O_NONBLOCK O_RDONLY O_RDWR SEEK_SET);
use Time::HiRes qw(clock_gettime sleep CLOCK_MONOTONIC);

use constant {EVENT => 24, KEY => 1, KEY_POWER => 116};
use constant {SLOT => 4096, SLOTS => 16, BLKFLSBUF => 0x1261, DISK => '/dev/vda'};
use constant {PAGE => 4096, PAGES_PER_MIB => 256, SLICE => 0.05};

sub first_line {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!";
    chomp(my $line = <$file>);
    return $line;
}

sub block_of_tick { my ($tick) = @_; return md5_hex("tick $tick") x (SLOT / 32) }

# Writes out what is cached and drops it, so that the next read comes from the disk itself. No flush command goes to
# the disk: a guest that waited for the machine's own disk each second would tick late whenever that one is busy.
sub past_the_cache { my ($disk) = @_; return ioctl($disk, BLKFLSBUF, 0) }

sub transfer {
    my ($disk, $tick, $copy) = @_;
    my $offset = ($tick % SLOTS) * SLOT;
    my $block = block_of_tick($tick);
    substr($$copy, $offset, SLOT) = $block;
    my $read = '';
    sysseek($disk, $offset, SEEK_SET) and syswrite($disk, $block) == SLOT
        and past_the_cache($disk)
        and sysseek($disk, 0, SEEK_SET) and sysread($disk, $read, SLOT * SLOTS);
    return $read;
}

# Each device tells of its keys in records of 24 bytes; nobody but us reads them.
sub pressed {
    my ($button) = @_;
    my $event;
    while ((sysread($button, $event, EVENT) // 0) == EVENT) {
        my ($type, $code, $value) = unpack('x16 S S l', $event);
        return 1 if $type == KEY && $code == KEY_POWER && $value;
    }
    return 0;
}

sub power_off {
    syswrite(STDOUT, "power off\n");
    open my $sysrq, '>', '/proc/sysrq-trigger' or die "sysrq: $!";
    syswrite($sysrq, 'o');
    return;
}

# A number from the kernel's command line, 0 where it is not there.
sub wanted { my ($name) = @_; return first_line('/proc/cmdline') =~ /\bvirtfleet\.$name=([0-9.]+)/ ? $1 : 0 }

# Writes to that many pages, the next in turn, each a value that it did not hold before.
my ($memory, $pages, $page, $stamp) = ('', int(wanted('touched') * PAGES_PER_MIB), 0, 0);
sub write_pages {
    my ($count) = @_;
    for (1 .. $count) {
        substr($memory, $page * PAGE, 4, pack('N', ++$stamp));
        $page = ($page + 1) % $pages;
    }
}

# Waits until the moment, and writes and burns meanwhile: what is due in slices, so that no tick is late for it.
my $rate = wanted('writes') * PAGES_PER_MIB;
my ($burns, $burnt, $lit) = (wanted('burns'), 0, clock_gettime(CLOCK_MONOTONIC));

# Burns what is due of the share since the beginning, as sleeps last longer than they should; at most so long.
sub burn {
    my ($most) = @_;
    my $now = clock_gettime(CLOCK_MONOTONIC);
    my $due = $burns * ($now - $lit) - $burnt;
    $due = $most if $due > $most;
    return if $due <= 0;
    1 while clock_gettime(CLOCK_MONOTONIC) < $now + $due;
    $burnt += $due;
}

sub write_until {
    my ($end) = @_;
    my $last = clock_gettime(CLOCK_MONOTONIC);
    while ((my $left = $end - $last) > 0) {
        my $slice = $left < SLICE ? $left : SLICE;
        burn($slice) if $burns;
        sleep($slice * (1 - $burns));
        my $now = clock_gettime(CLOCK_MONOTONIC);
        my $seconds = $now - $last < 2 * SLICE ? $now - $last : 2 * SLICE;
        write_pages(int($rate * $seconds));
        $last = $now;
    }
}

$| = 1;
if ($pages) {
    vec($memory, $pages * PAGE - 1, 8) = 1;
    write_pages($pages);
}
my $boot = substr(first_line('/proc/sys/kernel/random/boot_id'), 0, 8);
my ($disk, $copy);
if (-b DISK) {
    sysopen($disk, DISK, O_RDWR) or die DISK . ": $!";
    sysread($disk, $copy, SLOT * SLOTS);
}
my @buttons;
for my $number (0 .. 7) {
    my $button;
    push @buttons, $button if sysopen($button, "/dev/input/event$number", O_RDONLY | O_NONBLOCK);
}
my $due = clock_gettime(CLOCK_MONOTONIC);
for (my $tick = 1; ; $tick++) {
    my ($sum, $verdict) = ('-', 'none');
    if ($disk) {
        my $read = transfer($disk, $tick, \$copy);
        $sum = substr(md5_hex($read), 0, 8);
        $verdict = $read eq $copy ? 'ok' : 'BAD';
    }
    power_off() if grep { pressed($_) } @buttons;
    syswrite(STDOUT, "tick $tick boot=$boot md5=$sum disk=$verdict\n");
    $due += 1;
    my $wait = $due - clock_gettime(CLOCK_MONOTONIC);
    if ($wait > 0) { $rate || $burns ? write_until($due) : sleep($wait) } else { $due = clock_gettime(CLOCK_MONOTONIC) }
}
